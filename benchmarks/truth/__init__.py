"""Truth: problems whose verdicts are held against right values. Run with `python -m benchmarks.truth`.

corpus/       problems as their users would write them, in folders by kind; none knows its answer
answers/      what is right, one table for each kind
references/   right values that have no closed form, and the scripts that make them
Read first: answers.py, then judgement.py.
"""
