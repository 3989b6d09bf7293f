"""The console as a Cloud Run service behind Identity-Aware Proxy: who is there, whose rights it has, what it is wired to."""
