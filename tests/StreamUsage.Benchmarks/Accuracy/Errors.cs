namespace StreamUsage.Benchmarks.Accuracy;

/// <summary>How far estimates are from what was reported: absolute errors by line, and the bias of their sum.</summary>
internal readonly record struct Errors(int Count, double Median, double Percentile90, double Bias)
{
    public static Errors Of(IReadOnlyList<(double Estimate, double Reported)> estimates)
    {
        double[] errors = [.. estimates.Select(pair => Math.Abs(pair.Estimate - pair.Reported) / pair.Reported).Order()];
        double reported = estimates.Sum(pair => pair.Reported);
        return errors.Length == 0 ? default : new Errors(
            errors.Length, Percentile(errors, 0.5), Percentile(errors, 0.9), (estimates.Sum(pair => pair.Estimate) - reported) / reported);
    }

    public override string ToString() => $"{Median,7:P1} {Percentile90,7:P1} {Bias,8:+0.0%;-0.0%;0.0%}";

    private static double Percentile(double[] sorted, double part)
    {
        double position = part * (sorted.Length - 1);
        int below = (int)position;
        int above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + ((sorted[above] - sorted[below]) * (position - below));
    }
}
