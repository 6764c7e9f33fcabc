// Probe is what runs in the node's first pods: it holds a sandbox, serves, asks, reads, writes.
//
//	probe pause             until SIGTERM; the sandbox of every pod
//	probe linger            for ever, whatever SIGTERM says
//	probe serve ADDRESS     answers every request with the name of its host
//	probe get URL           prints the answer to a request, which must be a success
//	probe reach ADDRESS     waits until a TCP connection is taken there
//	probe cat PATH          prints a file
//	probe write PATH TEXT   writes a file
//	probe whoami            prints what the API server takes the pod's ServiceAccount for
//	probe id                prints the user and the group
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	switch {
	case len(arguments) == 1 && arguments[0] == "pause":
		return pause()
	case len(arguments) == 1 && arguments[0] == "linger":
		return linger()
	case len(arguments) == 1 && arguments[0] == "id":
		_, err := fmt.Println(os.Getuid(), os.Getgid())
		return err
	case len(arguments) == 1 && arguments[0] == "whoami":
		return whoami()
	case len(arguments) == 2 && arguments[0] == "serve":
		return serve(arguments[1])
	case len(arguments) == 2 && arguments[0] == "get":
		return get(arguments[1])
	case len(arguments) == 2 && arguments[0] == "reach":
		return reach(arguments[1])
	case len(arguments) == 2 && arguments[0] == "cat":
		data, err := os.ReadFile(arguments[1])
		os.Stdout.Write(data)
		return err
	case len(arguments) == 3 && arguments[0] == "write":
		return os.WriteFile(arguments[1], []byte(arguments[2]), 0o600)
	}
	return errors.New("pause, linger, serve, get, reach, cat, write, whoami or id")
}

// The first process of a pid namespace takes orphans over; the sandbox of a pod is one where
// containers share it.
func pause() error {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGCHLD)
	for received := range signals {
		if received != syscall.SIGCHLD {
			return nil
		}
		for {
			if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 || err != nil {
				break
			}
		}
	}
	return nil
}

func linger() error {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM)
	fmt.Println("here")
	for received := range signals {
		fmt.Println("heard", received)
	}
	return nil
}

func serve(address string) error {
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	go func() {
		<-signals
		os.Exit(0)
	}()
	fmt.Println("serving as", name)
	return http.ListenAndServe(address, http.HandlerFunc(
		func(writer http.ResponseWriter, request *http.Request) {
			fmt.Fprintln(writer, name)
		}))
}

func get(url string) error {
	client := http.Client{Timeout: 10 * time.Second}
	answer, err := client.Get(url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return errors.New(answer.Status)
	}
	_, err = io.Copy(os.Stdout, answer.Body)
	return err
}

const account = "/var/run/secrets/kubernetes.io/serviceaccount/"

func whoami() error {
	token, err := os.ReadFile(account + "token")
	if err != nil {
		return err
	}
	authority, err := os.ReadFile(account + "ca.crt")
	if err != nil {
		return err
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(authority)
	client := http.Client{
		Timeout:   10 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}},
	}
	url := "https://" + net.JoinHostPort(
		os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT"),
	) + "/apis/authentication.k8s.io/v1/selfsubjectreviews"
	request, err := http.NewRequest(http.MethodPost, url, strings.NewReader(
		`{"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}`))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+string(token))
	request.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var review struct {
		Status struct{ UserInfo struct{ Username string } }
	}
	if err := json.NewDecoder(answer.Body).Decode(&review); err != nil {
		return err
	}
	_, err = fmt.Println(review.Status.UserInfo.Username)
	return err
}

func reach(address string) error {
	for {
		connection, err := net.DialTimeout("tcp", address, 2*time.Second)
		if err == nil {
			return connection.Close()
		}
		fmt.Println(err)
		time.Sleep(200 * time.Millisecond)
	}
}
