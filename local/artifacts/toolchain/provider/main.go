// Command pulumi-resource-kubernetes is Pulumi's own provider plugin for Kubernetes, built from its module. The two files
// beside it are the module's, put there when it is built.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
)

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var mapping []byte

// Set by the linker.
var version string

func main() {
	provider.Serve("kubernetes", version, schema, mapping)
}
