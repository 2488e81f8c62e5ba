namespace StreamUsage.Benchmarks.Live;

/// <summary>Where the values of several rounds lie.</summary>
internal readonly record struct Spread(double FirstQuartile, double Median, double ThirdQuartile)
{
    public static Spread Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return new Spread(At(sorted, 0.25), At(sorted, 0.5), At(sorted, 0.75));
    }

    /// <summary>A value between two that are there is drawn from both.</summary>
    public static double At(ReadOnlySpan<double> sorted, double share)
    {
        double place = share * (sorted.Length - 1);
        int index = (int)place;
        return index + 1 == sorted.Length ? sorted[index] : sorted[index] + ((place - index) * (sorted[index + 1] - sorted[index]));
    }

    public override string ToString() => $"{Median:F2} ({FirstQuartile:F2}-{ThirdQuartile:F2})";
}
