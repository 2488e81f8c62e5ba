using StreamUsage.Estimation;
using StreamUsage.Estimation.Counting;
using StreamUsage.Estimation.Families;
using StreamUsage.Parsing;

namespace StreamUsage.Benchmarks.Accuracy;

/// <summary>Prints how close the estimators come to reported counts, by protocol, family and kind, and for all of a
/// kind.</summary>
internal static class AccuracyReport
{
    private static readonly ModelTokenEstimator Ours = new();
    private static readonly CharacterTokenEstimator Basic = new();

    public static void Print(IReadOnlyList<Pair> pairs)
    {
        Console.WriteLine("Absolute error: median, 90th percentile; bias of the sum.");
        Console.WriteLine();
        Console.WriteLine("| protocol | family | kind | pairs | 4 characters a token | bare o200k_base | ours |");
        Console.WriteLine("| --- | --- | --- | ---: | ---: | ---: | ---: |");
        foreach (var group in pairs.GroupBy(pair => (pair.Protocol, Family: Ours.FindFamily(pair.Model, pair.Format, pair.Protocol).Name,
            pair.Kind)).OrderBy(group => group.Key.Protocol).ThenBy(group => group.Key.Family).ThenBy(group => group.Key.Kind))
        {
            PrintLine(group.Key.Protocol, group.Key.Family, group.Key.Kind, [.. group]);
        }

        foreach (var group in pairs.GroupBy(pair => (Provider: pair.Format == ApiFormat.Claude ? "Claude" : "OpenAI", pair.Kind))
            .OrderBy(group => group.Key.Kind).ThenBy(group => group.Key.Provider))
        {
            PrintLine("all", group.Key.Provider, group.Key.Kind, [.. group]);
        }

        foreach (var group in pairs.GroupBy(pair => pair.Kind).OrderBy(group => group.Key))
        {
            PrintLine("all", "all", group.Key, [.. group]);
        }
    }

    /// <summary>Prints the lines that are furthest off.</summary>
    public static void PrintWorst(IReadOnlyList<Pair> pairs, int count)
    {
        foreach (Pair pair in pairs.OrderByDescending(pair => Math.Abs(Estimate(pair) - pair.Tokens) / pair.Tokens).Take(count))
        {
            Console.WriteLine($"{(Estimate(pair) - pair.Tokens) / pair.Tokens,7:P0} {pair.Tokens,6} {Estimate(pair),6} "
                + $"{pair.Protocol} {pair.Model} {pair.Kind} {pair.Source}");
        }
    }

    private static void PrintLine(string protocol, string family, PairKind kind, IReadOnlyList<Pair> pairs)
    {
        var basic = Errors.Of([.. pairs.Select(pair => ((double)EstimateBasic(pair), (double)pair.Tokens))]);
        var bare = Errors.Of([.. pairs.Select(pair => ((double)CountBare(pair), (double)pair.Tokens))]);
        var ours = Errors.Of([.. pairs.Select(pair => (Estimate(pair), (double)pair.Tokens))]);
        Console.WriteLine($"| {protocol} | {family} | {kind} | {pairs.Count} | {basic} | {bare} | {ours} |");
    }

    private static double Estimate(Pair pair) => pair.IsOutput
        ? Ours.EstimateOutput(pair.Format, pair.Model, pair.Output)
        : Ours.EstimateInputTokens(pair.Format, pair.Model, pair.Request);

    // As trackers do it that count the characters of plain string contents only.
    private static long EstimateBasic(Pair pair) => pair.IsOutput
        ? Basic.EstimateOutputTokens(
            pair.Format, pair.Model, "", pair.Output.Parts.Where(part => part.Kind == OutputKind.Text).Sum(part => part.Text.Length))
        : Basic.EstimateInputTokens(pair.Format, pair.Model, pair.Request);

    private static long CountBare(Pair pair) => pair.IsOutput
        ? pair.Output.Parts.Sum(part => (long)Tokenizers.Get(TokenEncoding.O200kBase).CountTokens(part.Text))
        : Tokenizers.Get(TokenEncoding.O200kBase).CountTokens(System.Text.Encoding.UTF8.GetString(pair.Request));
}
