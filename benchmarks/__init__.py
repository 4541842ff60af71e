"""What the documents claim about speed, measured on the machine that runs this."""
