using StreamUsage.Estimation.Families;
using StreamUsage.Estimation.Outputs;
using StreamUsage.Estimation.Requests;


namespace StreamUsage.Benchmarks.Accuracy;

/// <summary>A pair, its family, and what the library finds in it.</summary>
internal sealed record PairFacts(Pair Pair, ModelFamily Family, OutputFacts? Output, RequestFacts? Request)
{
    public static PairFacts Of(Pair pair)
    {
        ModelFamily family = FamilyTable.BuiltIn.Find(pair.Model, pair.Format, pair.Protocol);
        return pair.IsOutput
            ? new PairFacts(pair, family, OutputFacts.Read(pair.Output, family), null)
            : new PairFacts(pair, family, null, RequestReader.Read(pair.Request, RequestHead.Read(pair.Request), family));
    }

    public double Tokens(TokenRule rule) => Output?.Tokens(rule) ?? Request!.Tokens(rule);
}
