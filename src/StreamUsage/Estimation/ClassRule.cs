namespace StreamUsage.Estimation;

/// <summary>Tokens from character classes alone, in tokens of o200k_base: fitted to the tokenizer's own counts (<c>accuracy --fit</c>; docs/estimation.md has the errors).</summary>
internal static class ClassRule
{
    public static double Tokens(in CharacterClasses classes, TokenRule rule) =>
        (classes.Digits * rule.PerDigit) + (rule.PerToken * (
            (classes.Letters * 0.2) + (classes.Digits * 0.4) + (classes.Spaces * 0.05) + (classes.Punctuation * 0.5)
            + (classes.TwoByte * 0.35) + (classes.ThreeByte * 0.75) + (classes.FourByte * 1.5)));
}
