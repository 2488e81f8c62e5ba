namespace StreamUsage.Benchmarks.Growth;

/// <summary>One of the charts that stand side by side.</summary>
/// <param name="Title">What stands above it.</param>
/// <param name="Axis">What the x axis counts.</param>
/// <param name="Places">The places on the x axis, each ten times the one before.</param>
/// <param name="Series">The lines.</param>
internal sealed record ChartPanel(string Title, string Axis, IReadOnlyList<int> Places, IReadOnlyList<ChartSeries> Series);
