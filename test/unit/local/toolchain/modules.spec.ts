import { expect } from "chai";
import { withoutDeclarations, withoutUnusedImports } from "../../../../local/artifacts/toolchain/goText";
import { withoutOwnRules, withoutTypedKinds } from "../../../../local/artifacts/toolchain/modules";

/** The form of the file in which the SDK registers each kind of object by its own type. */
const kinds = `// A licence.

package v2

import (
	"fmt"

	"example.com/sdk/apiextensions"
	appsv1 "example.com/sdk/apps/v1"
	corev1 "example.com/sdk/core/v1"
	"example.com/pulumi"
)

func RegisterResource(ctx *pulumi.Context, apiVersion, kind string) (pulumi.CustomResource, error) {
	fullKind := fmt.Sprintf("%s/%s", apiVersion, kind)
	switch fullKind {
	case "apps/v1/Deployment":
		var res appsv1.Deployment
		err := ctx.RegisterResource("kubernetes:apps/v1:Deployment", &res)
		return &res, err
	case "v1/Pod":
		var res corev1.Pod
		err := ctx.RegisterResource("kubernetes:core/v1:Pod", &res)
		return &res, err
	default:
		var res apiextensions.CustomResource
		err := ctx.RegisterResource(fmt.Sprintf("kubernetes:%s:%s", apiVersion, kind), &res)
		return &res, err
	}
}
`;

describe("what is left out of modules", () => {
    it("is the type of a kind, and not its token", () => {
        const text = withoutTypedKinds(kinds);
        expect(text).to.not.match(/appsv1|corev1/);
        expect(text.match(/var res apiextensions\.CustomResource/g)).to.have.length(3);
        const tokens = (source: string) => source.match(/"kubernetes:[^"]+"/g);
        expect(tokens(text)).to.deep.equal(tokens(kinds));
        expect(text).to.contain('import (\n\t"fmt"\n\n\t"example.com/sdk/apiextensions"\n\t"example.com/pulumi"\n)\n');
    });

    it("are declarations that name a package, with the imports that only they used", () => {
        const text = withoutDeclarations(
            `package cloud

import (
	"encoding/json"
	"fmt"

	high "example.com/openapi/v3"
	"example.com/mux/v2"
)

// Index is kept.
type Index struct {
	router *mux.Router
}

// Reads a document, and goes.
func parse(data []byte) (*Index, error) {
	var operation high.Operation
	return nil, json.Unmarshal(data, &operation)
}

func key(o string) string {
	return fmt.Sprint(o)
}
`,
            ["high"],
        );
        expect(text).to.equal(`package cloud

import (
	"fmt"

	"example.com/mux/v2"
)

// Index is kept.
type Index struct {
	router *mux.Router
}

func key(o string) string {
	return fmt.Sprint(o)
}
`);
    });

    it("is what the agent for policies would do to the packet filter", () => {
        const text = `func (c *Controller) syncNFTablesRules(ctx context.Context) error {
	return c.flush()
}

func (c *Controller) cleanNFTablesRules(ctx context.Context) {
	c.flush()
}
`;
        expect(withoutOwnRules(text).match(/\{\n\treturn(?: nil)?\n/g)).to.deep.equal([
            "{\n\treturn nil\n",
            "{\n\treturn\n",
        ]);
        expect(() => withoutOwnRules(text.replace("sync", "make"))).to.throw("are not as they were");
    });

    it("is no import for its effects, and nothing where all is used", () => {
        const text = `package a

import (
	_ "embed"
	"gopkg.in/yaml.v3"
)

var node yaml.Node
`;
        expect(withoutUnusedImports(text)).to.equal(text);
    });
});
