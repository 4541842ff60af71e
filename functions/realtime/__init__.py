"""Live updates over WebSockets: who may connect, what they ask for, and what is sent to them."""
