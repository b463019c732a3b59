"""What is read from and written to files: CSV with a limit, TOML with one error, files for their owner only."""
