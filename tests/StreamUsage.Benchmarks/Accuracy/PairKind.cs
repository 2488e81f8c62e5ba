namespace StreamUsage.Benchmarks.Accuracy;

/// <summary>What a count is of.</summary>
internal enum PairKind
{
    Text,
    ToolCalls,
    Input,
    InputWithTools,
}
