"""Official documents (公文) of listed supervision, as PDF and Word.

They are Chinese whatever language the pages are read in: a Chinese office files them.
"""
