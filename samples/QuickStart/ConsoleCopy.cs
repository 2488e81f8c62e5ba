using System.Text;

namespace QuickStart;

/// <summary>Shows a body on the console while it comes, line by line; long lines lose their middle.</summary>
internal sealed class ConsoleCopy
{
    private const int HeadWidth = 45;
    private const int TailWidth = 70;

    private readonly List<byte> _line = [];

    public void Begin(string name, HttpResponseMessage response)
    {
        Console.WriteLine();
        Console.WriteLine($"{name}: {(int)response.StatusCode} {response.Content.Headers.ContentType}");
        _line.Clear();
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
        {
            if (value == '\n')
            {
                EndLine();
            }
            else
            {
                _line.Add(value);
            }
        }
    }

    public void Break(string reason)
    {
        EndLine();
        Console.WriteLine($"  -- {reason}");
    }

    private void EndLine()
    {
        string line = Encoding.UTF8.GetString(_line.ToArray()).TrimEnd();
        _line.Clear();
        if (line.Length > 0)
        {
            Console.WriteLine("  " + (line.Length <= HeadWidth + TailWidth ? line : $"{line[..HeadWidth]} ... {line[^TailWidth..]}"));
        }
    }
}
