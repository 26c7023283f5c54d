"""The inbound door: providers' callbacks and replies by SMS. It verifies and passes on; it never decides."""
