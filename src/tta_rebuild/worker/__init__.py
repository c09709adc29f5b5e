"""Workers: play turns for servers on other machines, as Temporal hands them out."""
