"""The monthly assessment report (研判报告): content, charts, and the document as PDF and Word.

The document is Chinese, whatever language the pages are read in: it is filed by a Chinese office.
"""
