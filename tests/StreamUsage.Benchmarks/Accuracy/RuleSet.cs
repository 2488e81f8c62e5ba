using StreamUsage.Estimation.Families;


namespace StreamUsage.Benchmarks.Accuracy;

/// <summary>The rules of all families, as fitted so far: by family and protocol.</summary>
internal sealed class RuleSet
{
    // Errors count relative to what was reported, but a token of 5 not more than one of 20: else a few tiny answers
    // would make the rule.
    private const double SmallestScale = 20;

    private readonly Dictionary<(string Family, string Protocol), TokenRule> _rules = [];

    /// <summary>Fits every step on the pairs.</summary>
    public static RuleSet Fit(IReadOnlyList<PairFacts> pairs, Action<FitStep, int, double[]>? report = null)
    {
        var rules = new RuleSet();
        foreach (PairFacts facts in pairs)
        {
            rules._rules[(facts.Family.Name, facts.Pair.Protocol)] = facts.Family.Rule;
        }

        foreach (FitStep step in FitStep.All)
        {
            List<PairFacts> chosen = [.. pairs.Where(step.Fits)];
            if (chosen.Count > 0)
            {
                double[] coefficients = rules.Fit(step, chosen);
                rules.Set(step, coefficients);
                report?.Invoke(step, chosen.Count, coefficients);
            }
        }

        return rules;
    }

    public double Estimate(PairFacts facts) => facts.Tokens(RuleOf(facts));

    private TokenRule RuleOf(PairFacts facts) => _rules.GetValueOrDefault((facts.Family.Name, facts.Pair.Protocol), facts.Family.Rule);

    private double[] Fit(FitStep step, List<PairFacts> chosen)
    {
        double[][] rows = [.. chosen.Select(facts => step.Columns.Select(column => column.Count(facts)).ToArray())];
        double[] rest = [.. chosen.Select(
            facts => facts.Pair.Tokens - facts.Tokens(step.Columns.Aggregate(RuleOf(facts), (rule, column) => column.With(rule, 0))))];
        return LeastAbsolute.Fit(rows, rest, [.. chosen.Select(facts => Math.Max(SmallestScale, facts.Pair.Tokens))]);
    }

    private void Set(FitStep step, double[] coefficients)
    {
        foreach ((string Family, string Protocol) row in _rules.Keys.Where(row => step.Sets(row.Family, row.Protocol)).ToList())
        {
            for (int i = 0; i < coefficients.Length; i++)
            {
                _rules[row] = step.Columns[i].With(_rules[row], coefficients[i]);
            }
        }
    }
}
