namespace StreamUsage;

/// <summary>The API whose answers are read, by name. Names compare without case; <c>default</c> equals <see cref="Auto"/>.</summary>
/// <param name="Name">The format's name, for example <c>"CLAUDE"</c>; any name may be used with a parser of one's own.</param>
public readonly record struct ApiFormat(string Name)
{
    private const string AutoName = "AUTO";

    /// <summary>The format's name; <c>"AUTO"</c> where none was given.</summary>
    public string Name { get => field ?? AutoName; init; } = Name;

    /// <summary>Not said: the first event of the answer decides.</summary>
    public static ApiFormat Auto { get; } = new(AutoName);

    /// <summary>Anthropic Messages.</summary>
    public static ApiFormat Claude { get; } = new("CLAUDE");

    /// <summary>Anthropic Messages as Claude Code calls it; read like <see cref="Claude"/>.</summary>
    public static ApiFormat ClaudeCli { get; } = new("CLAUDE_CLI");

    /// <summary>OpenAI Chat Completions and Responses, and everything compatible; the events tell the two apart.</summary>
    public static ApiFormat OpenAI { get; } = new("OPENAI");

    /// <summary>OpenAI as Codex calls it; read like <see cref="OpenAI"/>.</summary>
    public static ApiFormat OpenAICli { get; } = new("OPENAI_CLI");

    /// <summary>Google Gemini.</summary>
    public static ApiFormat Gemini { get; } = new("GEMINI");

    /// <summary>Google Gemini as Gemini CLI calls it; read like <see cref="Gemini"/>.</summary>
    public static ApiFormat GeminiCli { get; } = new("GEMINI_CLI");

    /// <summary>Amazon Bedrock: Converse, and what an invoked model says in its own format.</summary>
    public static ApiFormat Bedrock { get; } = new("BEDROCK");

    /// <summary>Cohere: Chat in both versions, Embed and Rerank.</summary>
    public static ApiFormat Cohere { get; } = new("COHERE");

    /// <summary>Mistral: Conversations, and chat completions, embeddings and transcriptions, which are like OpenAI's.</summary>
    public static ApiFormat Mistral { get; } = new("MISTRAL");

    /// <summary>Whether both names are the same, without case.</summary>
    /// <param name="other">The format to compare with.</param>
    public bool Equals(ApiFormat other) => string.Equals(Name, other.Name, StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(Name);

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
