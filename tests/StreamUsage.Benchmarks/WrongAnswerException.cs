namespace StreamUsage.Benchmarks;

/// <summary>A contender did not find what the workload holds.</summary>
internal sealed class WrongAnswerException(string message) : Exception(message);
