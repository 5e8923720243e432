"""HTTP itself: messages, listening, certificates, and a bridge to Starlette."""
