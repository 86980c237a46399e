// Package web serves a store of links over HTTP.
package web

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"godyno.example/reference/service/links"
)

type link struct {
	Name   string `json:"name"`
	Target string `json:"target" binding:"required"`
	Visits int64  `json:"visits"`
}

// New gives the routes: POST and GET /links, GET /to/:name (a redirect), GET /healthz.
func New(store *links.Store) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.Use(gin.Recovery())
	router.GET("/healthz", func(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"status": "serving"}) })
	router.GET("/links", func(c *gin.Context) {
		all := []link{}
		for _, known := range store.All() {
			all = append(all, link(known))
		}
		c.JSON(http.StatusOK, all)
	})
	router.POST("/links", func(c *gin.Context) {
		var request link
		if err := c.ShouldBindJSON(&request); err != nil {
			c.JSON(http.StatusBadRequest, gin.H{"error": err.Error()})
			return
		}
		short, err := store.Shorten(request.Target)
		if err != nil {
			c.JSON(statusOf(err), gin.H{"error": err.Error()})
			return
		}
		c.JSON(http.StatusCreated, link(short))
	})
	router.GET("/to/:name", func(c *gin.Context) {
		found, err := store.Resolve(c.Param("name"))
		if err != nil {
			c.JSON(statusOf(err), gin.H{"error": err.Error()})
			return
		}
		c.Redirect(http.StatusFound, found.Target)
	})
	return router
}

func statusOf(err error) int {
	switch {
	case errors.Is(err, links.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, links.ErrInvalid):
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}
