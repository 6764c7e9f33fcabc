"""The shell around the core, without any client library: observe, execute, reconcile."""
