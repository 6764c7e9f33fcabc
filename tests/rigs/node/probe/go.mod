// The one program of the image that the node's tests run, and of its pods' sandboxes. It needs
// nothing but Go's library.
module cluster.test/probe

go 1.26.0
