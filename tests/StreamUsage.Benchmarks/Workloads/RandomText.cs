namespace StreamUsage.Benchmarks.Workloads;

/// <summary>Characters without meaning: ids, keys, padding.</summary>
internal static class RandomText
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    public static string Next(Random random, int length) => string.Create(length, random, static (characters, source) =>
    {
        foreach (ref char character in characters)
        {
            character = Alphabet[source.Next(Alphabet.Length)];
        }
    });

    public static string NextHex(Random random, int length) =>
        string.Create(length, random, static (characters, source) => source.GetItems("0123456789abcdef", characters));
}
