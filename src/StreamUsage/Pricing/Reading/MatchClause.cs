using System.Text.Json;
using System.Text.RegularExpressions;

namespace StreamUsage.Pricing.Reading;

/// <summary>Represents a rule of genai-prices that matches names, ignoring case.</summary>
internal abstract class MatchClause
{
    private static readonly TimeSpan RegexTimeout = TimeSpan.FromMilliseconds(100);

    public abstract bool IsMatch(string name);

    /// <summary>Reads a clause: an object with one member, named after the kind of clause.</summary>
    public static MatchClause Read(JsonElement clause, string entry)
    {
        if (clause.ValueKind != JsonValueKind.Object || clause.EnumerateObject().Take(2).Count() != 1)
        {
            throw TableReader.Malformed(entry, "a match clause must be an object with one member");
        }

        JsonProperty member = clause.EnumerateObject().First();
        switch (member.Name)
        {
            case "or":
                return new Any(ReadAll(member.Value, entry));
            case "and":
                return new All(ReadAll(member.Value, entry));
        }

        string text = TableReader.Text(member.Value, entry, member.Name);
        return member.Name switch
        {
            "equals" => new Text(name => string.Equals(name, text, StringComparison.OrdinalIgnoreCase)),
            "starts_with" => new Text(name => name.StartsWith(text, StringComparison.OrdinalIgnoreCase)),
            "ends_with" => new Text(name => name.EndsWith(text, StringComparison.OrdinalIgnoreCase)),
            "contains" => new Text(name => name.Contains(text, StringComparison.OrdinalIgnoreCase)),
            "regex" => new Pattern(ReadPattern(text, entry)),
            _ => throw TableReader.Malformed(entry, $"'{member.Name}' is not a kind of match clause"),
        };
    }

    private static MatchClause[] ReadAll(JsonElement clauses, string entry) => clauses.ValueKind == JsonValueKind.Array
        ? [.. clauses.EnumerateArray().Select(clause => Read(clause, entry))]
        : throw TableReader.Malformed(entry, "'or' and 'and' must hold arrays of match clauses");

    private static Regex ReadPattern(string text, string entry)
    {
        try
        {
            return new Regex(text, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, RegexTimeout);
        }
        catch (ArgumentException fault)
        {
            throw TableReader.Malformed(entry, $"'{text}' is not a regular expression", fault);
        }
    }

    private sealed class Text(Func<string, bool> test) : MatchClause
    {
        public override bool IsMatch(string name) => test(name);
    }

    private sealed class Pattern(Regex pattern) : MatchClause
    {
        public override bool IsMatch(string name)
        {
            try
            {
                return pattern.IsMatch(name);
            }
            catch (RegexMatchTimeoutException)
            {
                return false;
            }
        }
    }

    private sealed class Any(MatchClause[] clauses) : MatchClause
    {
        public override bool IsMatch(string name) => Array.Exists(clauses, clause => clause.IsMatch(name));
    }

    private sealed class All(MatchClause[] clauses) : MatchClause
    {
        public override bool IsMatch(string name) => Array.TrueForAll(clauses, clause => clause.IsMatch(name));
    }
}
