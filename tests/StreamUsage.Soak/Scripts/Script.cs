using System.Text;

namespace StreamUsage.Soak.Scripts;

/// <summary>A body, and what is known once so many of its bytes have come.</summary>
internal sealed class Script(byte[] body, string? protocol, ApiFormat format, IReadOnlyList<(int Offset, Known Known)> marks)
{
    public byte[] Body => body;

    /// <summary>Null where the body is no answer.</summary>
    public string? Protocol => protocol;

    public ApiFormat Format => format;

    public Known At(long bytes)
    {
        Known known = Known.Nothing;
        foreach ((int offset, Known next) in marks)
        {
            if (offset > bytes)
            {
                break;
            }

            known = next;
        }

        return known;
    }

    public static Script Unreadable(byte[] body) => new(body, null, ApiFormat.Auto, []);

    public static Script Unreadable(string body) => Unreadable(Encoding.UTF8.GetBytes(body));
}
