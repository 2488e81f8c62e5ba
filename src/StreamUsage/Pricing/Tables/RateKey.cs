namespace StreamUsage.Pricing.Tables;

/// <summary>Specifies what a rate is for: a kind of token, with or without its modality, or a unit beside
/// tokens.</summary>
/// <remarks>The token keys come first, <see cref="RateKeys.Modalities"/> for each kind, in the order of
/// <see cref="TokenKind"/> and <see cref="Modality"/>.</remarks>
internal enum RateKey : byte
{
    Input, InputText, InputAudio, InputImage, InputVideo,
    CacheRead, CacheReadText, CacheReadAudio, CacheReadImage, CacheReadVideo,
    CacheCreation, CacheCreationText, CacheCreationAudio, CacheCreationImage, CacheCreationVideo,
    CacheCreation5m, CacheCreation5mText, CacheCreation5mAudio, CacheCreation5mImage, CacheCreation5mVideo,
    CacheCreation1h, CacheCreation1hText, CacheCreation1hAudio, CacheCreation1hImage, CacheCreation1hVideo,
    Output, OutputText, OutputAudio, OutputImage, OutputVideo,
    Reasoning, ReasoningText, ReasoningAudio, ReasoningImage, ReasoningVideo,
    Citation, CitationText, CitationAudio, CitationImage, CitationVideo,

    Request,
    WebSearch, WebSearchPrompt, SocialSearch, FileSearch, MapsQuery, CodeExecution, CodeSession,
    SearchUnit,
    AudioSecond, AudioMinute, AudioHour, InputImageCount, OutputImageCount, Pixel, Character, Page, AnnotatedPage, SessionSecond,
}

/// <summary>Specifies kinds of tokens, each a bucket of <see cref="TokenUsage"/> or a subset of one.</summary>
internal enum TokenKind : byte
{
    Input,
    CacheRead,
    CacheCreation,
    CacheCreation5m,
    CacheCreation1h,
    Output,
    Reasoning,
    Citation,
}

/// <summary>Specifies the modalities that may have their own prices. All other tokens are text.</summary>
internal enum Modality : byte
{
    Any,
    Text,
    Audio,
    Image,
    Video,
}
