using Microsoft.ML.Tokenizers;
using StreamUsage.Estimation.Families;

namespace StreamUsage.Estimation.Counting;

/// <summary>Holds the tokenizers, each loaded once per process, on first use. o200k_base takes about 42 MB and half a
/// second, cl100k_base half of that (docs/estimation.md). Thread-safe.</summary>
internal static class Tokenizers
{
    private static readonly Lazy<TiktokenTokenizer> O200k = new(static () => TiktokenTokenizer.CreateForEncoding("o200k_base"));
    private static readonly Lazy<TiktokenTokenizer> Cl100k = new(static () => TiktokenTokenizer.CreateForEncoding("cl100k_base"));

    public static Tokenizer Get(TokenEncoding encoding) => encoding == TokenEncoding.Cl100kBase ? Cl100k.Value : O200k.Value;

    public static bool IsLoaded(TokenEncoding encoding) =>
        encoding == TokenEncoding.Cl100kBase ? Cl100k.IsValueCreated : O200k.IsValueCreated;

    /// <summary>Loads all tokenizers.</summary>
    public static void Load()
    {
        _ = O200k.Value;
        _ = Cl100k.Value;
    }
}
