using System.Text;

namespace StreamUsage.Benchmarks.Estimates;

/// <summary>Texts of a size in UTF-8 that are hard on a byte-pair tokenizer, and one that is not. Nothing in them needs
/// a JSON escape.</summary>
internal static class HostileText
{
    public static IReadOnlyList<(string Name, Func<int, string> Make)> All { get; } =
    [
        ("prose", size => Repeat("The old library stood at the end of the street, and nobody remembered who had built it. ", size)),
        ("one letter", size => new string('a', size)),
        ("one word", size => Random(size, "abcdefghijklmnopqrstuvwxyz")),
        ("base64", size => Random(size, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")),
        ("spaces", size => new string(' ', size)),
        ("emoji", size => Repeat("😀🎉👋🏽👩‍💻", size)),
        ("Chinese", size => Repeat("旧图书馆坐落在街道尽头没有人记得是谁建造的冬天的夜晚它的窗户一直亮到很晚", size)),
        ("punctuation", size => Random(size, "!#$%&()*+,-./:;<=>?@[]^_{|}~")),
        ("digits", size => Random(size, "0123456789")),
        ("accents", size => Repeat("aé", size)),
        ("symbols", size => Repeat("!😀", size)),
    ];

    private static string Repeat(string text, int size)
    {
        var repeated = new StringBuilder();
        int bytes = Encoding.UTF8.GetByteCount(text);
        for (int length = 0; length + bytes <= size; length += bytes)
        {
            repeated.Append(text);
        }

        return repeated.ToString();
    }

    private static string Random(int size, string characters)
    {
        var random = new Random(1);
        return string.Create(size, characters, (text, from) =>
        {
            for (int i = 0; i < text.Length; i++)
            {
                text[i] = from[random.Next(from.Length)];
            }
        });
    }
}
