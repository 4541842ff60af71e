"""Jobs to RunPod, and what comes back from there. Deployed only where RunPod is used."""
