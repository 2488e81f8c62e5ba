namespace StreamUsage.Estimation.Families;

/// <summary>A byte-pair encoding that texts are counted with.</summary>
internal enum TokenEncoding
{
    /// <summary>o200k_base: GPT-4o and all later OpenAI models, and the nearest to most other models of its time.</summary>
    O200kBase,

    /// <summary>cl100k_base: GPT-4 and GPT-3.5, and the nearest to open models with vocabularies of 100,000 to 150,000.</summary>
    Cl100kBase,
}
