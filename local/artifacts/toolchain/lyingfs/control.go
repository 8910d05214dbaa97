package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"strconv"
)

// listen answers requests about faults on a socket that only its owner can open. One that a killed program left is replaced.
func listen(socket string, faults *faults) (*http.Server, error) {
	if info, err := os.Lstat(socket); err == nil && info.Mode()&fs.ModeSocket != 0 {
		os.Remove(socket)
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be listened on: %w.", socket, err)
	}
	if err := os.Chmod(socket, 0o600); err != nil {
		return nil, err
	}
	server := &http.Server{Handler: handler(faults)}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintf(os.Stderr, "No more faults can be set: %v.\n", err)
		}
	}()
	return server, nil
}

func handler(faults *faults) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /faults", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, faults.list())
	})
	mux.HandleFunc("POST /faults", func(w http.ResponseWriter, r *http.Request) {
		decoder := json.NewDecoder(r.Body)
		// A misspelt field would be a fault that never comes.
		decoder.DisallowUnknownFields()
		var wanted fault
		if err := decoder.Decode(&wanted); err != nil {
			refuse(w, http.StatusBadRequest, fmt.Sprintf("This is no fault: %v.", err))
			return
		}
		id, err := faults.add(wanted)
		if err != nil {
			refuse(w, http.StatusBadRequest, err.Error())
			return
		}
		answer(w, http.StatusCreated, map[string]int{"id": id})
	})
	mux.HandleFunc("DELETE /faults", func(w http.ResponseWriter, _ *http.Request) {
		faults.removeAll()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("DELETE /faults/{id}", func(w http.ResponseWriter, r *http.Request) {
		id, err := strconv.Atoi(r.PathValue("id"))
		if err != nil || !faults.remove(id) {
			refuse(w, http.StatusNotFound, fmt.Sprintf("There is no fault %s.", r.PathValue("id")))
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, status int, sentence string) {
	answer(w, status, map[string]string{"error": sentence})
}
