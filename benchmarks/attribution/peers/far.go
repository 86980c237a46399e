package main

import (
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"os/exec"
	"syscall"
	"time"
	"unsafe"
)

// serveFar is a far network: a TUN device behind which every TCP connection is accepted, after a while, and never says more. The
// device is gone with this process. Kernels without netem have no other way to slow a handshake.
func serveFar(own int) string {
	name := fmt.Sprint("gdfar", own)
	fd := must(syscall.Open("/dev/net/tun", syscall.O_RDWR, 0))
	var request [40]byte
	copy(request[:15], name)
	binary.NativeEndian.PutUint16(request[16:], 0x1001) // IFF_TUN | IFF_NO_PI
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), 0x400454ca, uintptr(unsafe.Pointer(&request[0]))); errno != 0 {
		log.Fatal("TUNSETIFF: ", errno)
	}
	for _, words := range [][]string{{"addr", "add", fmt.Sprintf("10.213.%d.1/24", own), "dev", name}, {"link", "set", name, "up"}} {
		if out, err := exec.Command("ip", words...).CombinedOutput(); err != nil {
			log.Fatal(err, string(out))
		}
	}
	device := os.NewFile(uintptr(fd), "tun")
	go func() {
		for {
			packet := make([]byte, 2048)
			n, err := device.Read(packet)
			if err != nil {
				return
			}
			if n >= 40 && packet[0] == 0x45 && packet[9] == 6 {
				go answer(device, packet[:n])
			}
		}
	}()
	return fmt.Sprintf("10.213.%d.9:443", own)
}

// answer accepts what opens a connection after a while, and resets what closes one.
func answer(device *os.File, packet []byte) {
	const fin, syn, rst, ack = 1, 2, 4, 16
	tcp := packet[20:]
	flags := byte(0)
	switch {
	case tcp[13]&syn != 0:
		time.Sleep(connectTakes)
		flags = syn | ack
	case tcp[13]&fin != 0:
		flags = rst | ack
	default:
		return
	}
	out := make([]byte, 40)
	copy(out, packet[:20])
	binary.BigEndian.PutUint16(out[2:], 40)
	copy(out[12:16], packet[16:20])
	copy(out[16:20], packet[12:16])
	binary.BigEndian.PutUint16(out[10:], 0)
	binary.BigEndian.PutUint16(out[10:], checksum(out[:20], 0))
	copy(out[20:22], tcp[2:4])
	copy(out[22:24], tcp[0:2])
	binary.BigEndian.PutUint32(out[24:], 77)
	if flags&rst != 0 {
		copy(out[24:28], tcp[8:12])
	}
	binary.BigEndian.PutUint32(out[28:], binary.BigEndian.Uint32(tcp[4:])+1)
	out[32], out[33] = 5<<4, flags
	binary.BigEndian.PutUint16(out[34:], 65000)
	pseudo := uint32(6 + 20)
	for i := 12; i < 20; i += 2 {
		pseudo += uint32(binary.BigEndian.Uint16(out[i:]))
	}
	binary.BigEndian.PutUint16(out[36:], checksum(out[20:], pseudo))
	device.Write(out)
}

func checksum(data []byte, sum uint32) uint16 {
	for i := 0; i < len(data); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(data[i:]))
	}
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}
