package main

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"runtime/debug"
)

type buffers struct{ kept *png.EncoderBuffer }

func (b *buffers) Get() *png.EncoderBuffer  { return b.kept }
func (b *buffers) Put(e *png.EncoderBuffer) { b.kept = e }

func etch(plate *image.RGBA, n int) {
	for y := range plate.Rect.Dy() {
		for x := range plate.Rect.Dx() {
			plate.SetRGBA(x, y, color.RGBA{uint8(x * n), uint8(y + n), uint8(x*y>>5 + n), 255})
		}
	}
}

// Etches plates, prints each in two ways, and looks at the prints.
func main() {
	debug.SetGCPercent(400)
	t, b := newTask(cfg.Seed), newTally(0)
	plate := image.NewRGBA(image.Rect(0, 0, 240, 180))
	press := png.Encoder{CompressionLevel: png.BestSpeed, BufferPool: &buffers{}}
	var sharp, soft bytes.Buffer
	for n := 1; !over(); n++ {
		etch(plate, n)
		sharp.Reset()
		soft.Reset()
		check(press.Encode(&sharp, plate))
		check(jpeg.Encode(&soft, plate, &jpeg.Options{Quality: 85}))
		seen, err := jpeg.Decode(&soft)
		check(err)
		for y := 0; y < seen.Bounds().Dy(); y += 3 {
			grey := color.GrayModel.Convert(seen.At(n%240, y)).(color.Gray)
			b.sum += uint64(grey.Y)
		}
		b.sum += t.step() + uint64(sharp.Len())
		b.passes[0]++
	}
	finish(b, 1)
}
