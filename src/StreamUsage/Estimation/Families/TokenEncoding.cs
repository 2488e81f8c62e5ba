namespace StreamUsage.Estimation.Families;

/// <summary>Specifies a byte-pair encoding.</summary>
internal enum TokenEncoding
{
    /// <summary>o200k_base: GPT-4o and all later OpenAI models; the nearest to most other models of that
    /// time.</summary>
    O200kBase,

    /// <summary>cl100k_base: GPT-4 and GPT-3.5; the nearest to open models with 100,000 to 150,000 tokens.</summary>
    Cl100kBase,
}
