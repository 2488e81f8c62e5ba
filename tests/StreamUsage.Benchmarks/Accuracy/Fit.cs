namespace StreamUsage.Benchmarks.Accuracy;

/// <summary>
/// Fits the constants of the rules and prints them, with how many pairs have each, and the errors on pairs that were
/// left out of the fit. Deterministic: the same pairs give the same constants.
/// </summary>
internal static class Fit
{
    private const int Folds = 10;

    public static void Print(IReadOnlyList<Pair> pairs)
    {
        List<PairFacts> facts = [.. pairs.Select(PairFacts.Of)];
        RuleSet all = RuleSet.Fit(facts, (step, count, coefficients) =>
        {
            Console.WriteLine($"{string.Join(" + ", step.Families)}, {step.Protocol ?? "any protocol"}, "
                + $"{(step.IsOutput ? "output" : "input")}: {count} pairs");
            for (int i = 0; i < coefficients.Length; i++)
            {
                int having = facts.Where(step.Fits).Count(pair => step.Columns[i].Count(pair) != 0);
                Console.WriteLine($"    {step.Columns[i].Name,-14} {coefficients[i],9:F3}   in {having} pairs");
            }
        });

        Console.WriteLine();
        foreach (IGrouping<string, PairFacts> family in facts.Where(pair => pair.Pair.Kind == PairKind.Text
            && pair.Pair.Output.Characters >= 100).GroupBy(pair => pair.Family.Name))
        {
            double[] ratios = [.. family.Select(pair => (pair.Pair.Tokens - pair.Family.Rule.Answer) / pair.Pair.Output.Characters)
                .Order()];
            Console.WriteLine($"{family.Key}: {ratios[ratios.Length / 2]:F3} tokens a character in the median of {ratios.Length} answers "
                + "of 100 characters or more");
        }

        Console.WriteLine();
        Console.WriteLine("Absolute error: median, 90th percentile; bias of the sum. Fitted on all pairs, and on those of other source "
            + $"files ({Folds} folds):");
        Dictionary<Pair, double> fitted = facts.ToDictionary(pair => pair.Pair, all.Estimate);
        Dictionary<Pair, double> leftOut = EstimateLeftOut(facts);
        foreach (IGrouping<(string Provider, PairKind Kind), Pair> group in pairs.GroupBy(
            pair => (pair.Format == ApiFormat.Claude ? "Claude" : "OpenAI", pair.Kind))
            .OrderBy(group => group.Key.Item1).ThenBy(group => group.Key.Kind))
        {
            Console.WriteLine($"    {group.Key.Provider} {group.Key.Kind,-15} {group.Count(),4} pairs  {ErrorsOf(group, fitted)}   "
                + $"{ErrorsOf(group, leftOut)}");
        }
    }

    // Lines of one source are alike, so a source is left out as a whole.
    private static Dictionary<Pair, double> EstimateLeftOut(IReadOnlyList<PairFacts> facts)
    {
        List<string> sources = [.. facts.Select(pair => pair.Pair.Source).Distinct().Order(StringComparer.Ordinal)];
        var estimates = new Dictionary<Pair, double>();
        for (int fold = 0; fold < Folds; fold++)
        {
            var leftOut = sources.Where((_, i) => i % Folds == fold).ToHashSet();
            RuleSet rules = RuleSet.Fit([.. facts.Where(pair => !leftOut.Contains(pair.Pair.Source))]);
            foreach (PairFacts pair in facts.Where(pair => leftOut.Contains(pair.Pair.Source)))
            {
                estimates[pair.Pair] = rules.Estimate(pair);
            }
        }

        return estimates;
    }

    private static Errors ErrorsOf(IEnumerable<Pair> pairs, Dictionary<Pair, double> estimates) =>
        Errors.Of([.. pairs.Select(pair => (estimates[pair], (double)pair.Tokens))]);
}
