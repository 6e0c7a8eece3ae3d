"""Configuration as code: a site's configuration as one YAML file, out and in."""
