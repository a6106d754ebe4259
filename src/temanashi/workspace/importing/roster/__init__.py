"""Reading a roster of people as the personnel department hands it over (人事異動)."""
