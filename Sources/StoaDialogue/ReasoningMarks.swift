enum ReasoningMarks {}
