"""Who signs in: users, passwords, sessions, tokens of programs, and what each role may do. Knows neither web nor Prefect."""
