package plan

import (
	"errors"
	"maps"
	"slices"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/messages"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// resolveConfig gives the class's defaults overridden by the link's config. A key
// that may still come from an object in configFrom cannot be missed here: only the
// pods read those objects, and the runtime judges the whole.
func resolveConfig(class Class, link *v1alpha1.CTILink) (map[string]string, *Problem) {
	config := link.Spec.Config
	if key, found := secretKey(class.Parameters, config); found {
		return nil, refuse(messages.SecretInConfig, "key", key)
	}
	params := parameters(class.Parameters)
	if len(link.Spec.ConfigFrom) > 0 {
		for i := range params {
			params[i].Required = false
		}
	}
	if err := check(params, config); err != nil {
		return nil, refuse(messages.BadConfig, "key", err.Key, "problem", err.Problem)
	}
	out := defaults(class.Parameters)
	maps.Copy(out, config)
	return out, nil
}

func secretKey(params []v1alpha1.Parameter, config map[string]string) (string, bool) {
	for _, p := range params {
		if _, set := config[p.Name]; set && p.IsSecret() {
			return p.Name, true
		}
	}
	return "", false
}

// checkDefaults judges the defaults of a class as if a link had set them.
func checkDefaults(params []v1alpha1.Parameter) *opencti.ConfigError {
	optional := parameters(params)
	for i := range optional {
		optional[i].Required = false
	}
	return check(optional, defaults(params))
}

func defaults(params []v1alpha1.Parameter) map[string]string {
	out := map[string]string{}
	for _, p := range params {
		if p.Default != "" {
			out[p.Name] = p.Default
		}
	}
	return out
}

func check(params []opencti.Parameter, values map[string]string) *opencti.ConfigError {
	var problem *opencti.ConfigError
	if err := opencti.CheckConfig(params, values); errors.As(err, &problem) {
		return problem
	}
	return nil
}

// parameters puts the API's parameters into the runtime's terms, so that operator
// and runtime judge with the same code.
func parameters(params []v1alpha1.Parameter) []opencti.Parameter {
	out := make([]opencti.Parameter, len(params))
	for i, p := range params {
		out[i] = opencti.Parameter{
			Name:        p.Name,
			Description: p.Description,
			Type:        opencti.ParameterType(p.Type),
			Required:    p.IsRequired(),
			Default:     p.Default,
			Enum:        slices.Clone(p.Enum),
			Secret:      p.IsSecret(),
		}
	}
	return out
}
