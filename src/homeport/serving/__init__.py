"""Running the blog: the page cache, the web processes, and what starts and watches them."""
