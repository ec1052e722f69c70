"""The HTTPS edge: Caddy in front of the blog, certificates however they can be had, and the doctor."""
