package conditions

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

// TestStaleCache: a verdict on an object that the cache shows as it was before our
// own last write must wait, or it could be lost.
func TestStaleCache(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	link := &v1alpha1.CTILink{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "support"}}
	c := fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(link).WithObjects(link).Build()
	w := &Writer{Client: c}
	stale := &v1alpha1.CTILink{}
	if err := c.Get(t.Context(), client.ObjectKeyFromObject(link), stale); err != nil {
		t.Fatal(err)
	}
	if !w.Fresh(stale) {
		t.Error("an object that was never written counts as stale")
	}
	written := stale.DeepCopy()
	written.Status.Agents = new(int32(1))
	if err := w.Patch(t.Context(), stale, written); err != nil {
		t.Fatal(err)
	}
	if w.Fresh(stale) {
		t.Error("the object from before the write counts as fresh")
	}
	if !w.Fresh(written) {
		t.Error("the object as written counts as stale")
	}
	version := written.ResourceVersion
	if err := w.Patch(t.Context(), written, written.DeepCopy()); err != nil {
		t.Fatal(err)
	}
	if err := c.Get(t.Context(), client.ObjectKeyFromObject(link), written); err != nil || written.ResourceVersion != version {
		t.Errorf("an unchanged status was written: %s after %s, %v", written.ResourceVersion, version, err)
	}
	w.Forget(client.ObjectKeyFromObject(link))
	if !w.Fresh(stale) {
		t.Error("a forgotten object is still waited for")
	}
}
