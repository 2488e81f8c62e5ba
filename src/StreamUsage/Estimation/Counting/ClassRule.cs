using StreamUsage.Estimation.Families;

namespace StreamUsage.Estimation.Counting;

/// <summary>Estimates tokens from character classes alone. The factors are fitted to counts of o200k_base by
/// <c>accuracy --fit</c>; docs/estimation.md has the errors.</summary>
internal static class ClassRule
{
    public static double Tokens(in CharacterClasses classes, TokenRule rule) =>
        (classes.Digits * rule.PerDigit) + (rule.PerToken * (
            (classes.Letters * 0.157) + (classes.Digits * 0.616) + (classes.Spaces * 0.445) + (classes.Punctuation * 0.544)
            + (classes.OtherAlphabets * 0.272) + (classes.EastAsian * 0.687) + (classes.FourByte * 1.714)));
}
