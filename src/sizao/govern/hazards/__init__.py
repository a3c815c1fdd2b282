"""The life of a hazard (隐患): from found to gone, proven by somebody else. Pure, as a case is."""
