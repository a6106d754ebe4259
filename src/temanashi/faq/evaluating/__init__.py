"""How right the search is: questions with known answers asked, and what came of them as figures."""
