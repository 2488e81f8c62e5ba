using Microsoft.ML.Tokenizers;
using StreamUsage.Estimation.Families;

namespace StreamUsage.Estimation.Counting;

/// <summary>
/// The tokenizers, each loaded once a process when it is first needed: about 42 MB and half a second for o200k_base, 20 MB and a quarter of a second for cl100k_base (docs/estimation.md). Safe to use from any thread.
/// </summary>
internal static class Tokenizers
{
    private static readonly Lazy<TiktokenTokenizer> O200k = new(static () => TiktokenTokenizer.CreateForEncoding("o200k_base"));
    private static readonly Lazy<TiktokenTokenizer> Cl100k = new(static () => TiktokenTokenizer.CreateForEncoding("cl100k_base"));

    public static Tokenizer Get(TokenEncoding encoding) => encoding == TokenEncoding.Cl100kBase ? Cl100k.Value : O200k.Value;

    public static bool IsLoaded(TokenEncoding encoding) => encoding == TokenEncoding.Cl100kBase ? Cl100k.IsValueCreated : O200k.IsValueCreated;

    public static void Load()
    {
        _ = O200k.Value;
        _ = Cl100k.Value;
    }
}
