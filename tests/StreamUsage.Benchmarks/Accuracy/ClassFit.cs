using System.Text;
using StreamUsage.Estimation.Counting;
using StreamUsage.Estimation.Families;
using StreamUsage.Parsing;

namespace StreamUsage.Benchmarks.Accuracy;

/// <summary>Fits the rule over character classes to o200k_base's own counts, and prints how far it is off for each kind
/// of text.</summary>
internal static class ClassFit
{
    public static void Print(IReadOnlyList<Pair> pairs)
    {
        List<(string Kind, string Text)> texts = [.. SampleTexts.All, .. FromPairs(pairs)];
        double[] counts = [.. texts.Select(text => (double)Tokenizers.Get(TokenEncoding.O200kBase).CountTokens(text.Text))];
        double[][] rows = [.. texts.Select(text => Columns(CharacterClasses.Count(Encoding.UTF8.GetBytes(text.Text))))];


        // Each kind counts alike however many texts it has, and what was really sent counts as much as five of them.
        Dictionary<string, int> textsOfKind = texts.GroupBy(text => text.Kind).ToDictionary(kind => kind.Key, kind => kind.Count());
        double[] scales = [.. texts.Select(
            (text, i) => counts[i] * textsOfKind[text.Kind] / (text.Kind.EndsWith("(pairs)", StringComparison.Ordinal) ? 5.0 : 1))];
        double[] coefficients = LeastAbsolute.Fit(rows, counts, scales);
        Console.WriteLine($"Tokens of o200k_base a character: letters {coefficients[0]:F3}, digits {coefficients[1]:F3}, spaces "
            + $"{coefficients[2]:F3}, punctuation {coefficients[3]:F3}, other alphabets {coefficients[4]:F3}, East Asian "
            + $"{coefficients[5]:F3}, four bytes {coefficients[6]:F3}");
        Console.WriteLine("Absolute error against the tokenizer: median, 90th percentile; bias. By class, and by 4 characters a token:");
        foreach (var group in texts.Select((text, i) => (text.Kind, text.Text, Index: i)).GroupBy(text => text.Kind))
        {
            var byClass = Errors.Of([.. group.Select(
                text => (rows[text.Index].Zip(coefficients, (value, coefficient) => value * coefficient).Sum(), counts[text.Index]))]);
            var byCharacter = Errors.Of([.. group.Select(text => (text.Text.Length / 4.0, counts[text.Index]))]);
            Console.WriteLine($"    {group.Key,-16} {group.Count(),4} texts   {byClass}   {byCharacter}");
        }
    }

    private static IEnumerable<(string Kind, string Text)> FromPairs(IReadOnlyList<Pair> pairs) =>
        pairs.SelectMany(pair => pair.IsOutput
            ? pair.Output.Parts.Where(part => part.Kind == OutputKind.Text && part.Text.Length >= 40)
                .Select(part => ("answers (pairs)", part.Text))
            : [("requests (pairs)", Encoding.UTF8.GetString(pair.Request))]);

    private static double[] Columns(CharacterClasses classes) =>
        [classes.Letters, classes.Digits, classes.Spaces, classes.Punctuation, classes.OtherAlphabets, classes.EastAsian, classes.FourByte];
}
