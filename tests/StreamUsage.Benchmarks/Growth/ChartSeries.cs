namespace StreamUsage.Benchmarks.Growth;

/// <summary>A line of a chart.</summary>
/// <param name="Label">What stands beside its end; null where the line goes without.</param>
/// <param name="Color">As SVG writes it; to be seen on white and on black.</param>
/// <param name="IsDashed">Whether it is a thin line of dashes, without points.</param>
/// <param name="Values">A value for each place on the x axis.</param>
internal sealed record ChartSeries(string? Label, string Color, bool IsDashed, IReadOnlyList<double> Values);
