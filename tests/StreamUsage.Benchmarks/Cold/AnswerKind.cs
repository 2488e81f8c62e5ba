namespace StreamUsage.Benchmarks.Cold;

/// <summary>Whether the provider says what an answer cost, or it must be estimated.</summary>
internal enum AnswerKind
{
    Unreported,
    Reported,
}
